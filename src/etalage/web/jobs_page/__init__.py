"""The staff page of background work. It stands here because `jobs` is below the room that knows roles."""
