"""Speed on this machine, beside what it could be at best."""

from ..lazy import lazily

__getattr__, __dir__, __all__ = lazily(__name__, {"table": ("bench", "startup")})
