"""Every write about reservations, sales and codes; one file per story."""
