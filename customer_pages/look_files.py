"""The pictures and the style sheet of a customer page's own brand, for whoever may see the page.

They are never in the published folder and no cache may keep them (reliability B4): each request asks
the door first, and gets what this page shows now and nothing of any other.
"""

from django.http import Http404, HttpResponse

from branding import reading
from branding.brand_views import BrandView, PictureView
from public_pages import addresses


def answer(brand: BrandView, rest: str) -> HttpResponse:
    """The file of a brand that a path below the page names. Raises Http404 when it has none such."""
    if not brand.base.endswith(reading.BELOW):
        raise Http404  # the main page's, whose files are public
    name = rest.removeprefix(reading.BELOW)
    if name and name == brand.style_name:
        return HttpResponse(brand.stylesheet, content_type="text/css; charset=utf-8")
    for picture in brand.pictures():
        if picture.name == name:
            return _picture(picture)
    raise Http404


def _picture(picture: PictureView) -> HttpResponse:
    for _name, body in reading.bodies([picture.digest]):
        response = HttpResponse(body, content_type=picture.content_type)
        for header, value in addresses.INERT:
            response.headers[header] = value
        return response
    raise Http404
