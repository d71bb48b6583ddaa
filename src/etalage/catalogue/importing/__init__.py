"""Reads files of products and stock: our own columns, exports of Shopify, WooCommerce and PrestaShop, till lists."""
