"""The portal: web pages for people. `create_portal(node)` is all that others need."""

from shangyou.faces.portal.app import create_portal

__all__ = ["create_portal"]
