"""Long jobs cut into shards: who carries them out, where they are kept, and how they are taken up again."""
