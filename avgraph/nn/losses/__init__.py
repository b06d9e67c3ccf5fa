"""Metric losses across modalities and the regularisers on their class graphs."""
