"""What the start page tells: what needs somebody, what sold, what comes next, and how a new shop begins."""
