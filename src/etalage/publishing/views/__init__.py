"""Pages of posts, publications, campaigns and codes."""
