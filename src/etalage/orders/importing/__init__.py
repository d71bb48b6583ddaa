"""Sales, credit notes and cancellations out of files: a till's lines, or the export of a web shop.

The file is put in order on the side (`staging`), read receipt by receipt (`receipts`), and written in batches, sales
first (`sales`), then credit notes (`notes`), each with the sales that it undoes (`settling`). A receipt is taken
whole or not at all: a sale without one of its lines would be a wrong sale.
"""
