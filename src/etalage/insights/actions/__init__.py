"""Every write of insights: touches come in, credit is computed, days are summed."""
