"""Forms of posts, campaigns and codes: the border at which what people type is read."""
