"""Where the classes that ``brownian.Expression`` generates are imported to; their source lies in the user's cache."""
