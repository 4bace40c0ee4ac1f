"""The pages of Pinboard."""
