"""Embedding models: networks that were trained on a great many sounds, used as they are.

Each is one module; :data:`EMBEDDINGS` holds them by ``kind``. Weights are data: they come from their publisher, from a
package, or from a file the user names, and only arrays of known names and sizes are read from them.
"""

from audioclf.core.registry import Registry
from audioclf.embeddings.base import Embedding, EmbeddingModel

EMBEDDINGS: Registry[EmbeddingModel] = Registry(EmbeddingModel, "audioclf.embeddings", "embedding model")
"""Every embedding model by its ``kind``."""

__all__ = ["EMBEDDINGS", "Embedding", "EmbeddingModel"]
