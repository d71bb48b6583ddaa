"""The public shop: pages for a phone's in-app browser that need no script."""
