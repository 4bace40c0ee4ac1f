"""Run with: python3 -m unittest discover tests"""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from pages.home import render


class HomeTest(unittest.TestCase):
    def test_shows_every_note(self):
        page = render(["one", "two"])
        self.assertIn("<li>one</li>", page)
        self.assertIn("<li>two</li>", page)


if __name__ == "__main__":
    unittest.main()
