"""Screens of the catalog inside the console, mounted by the console site."""

from collections.abc import Callable

from django.http import HttpResponseBase

from catalog import csv_views, entry_views, source_views, type_views

Screen = tuple[str, Callable[..., HttpResponseBase], str]

_TYPE = "catalog/types/<int:type_id>/"
_ATTRIBUTE = "catalog/attributes/<int:attribute_id>/"
_ENTRY = "catalog/entries/<int:entry_id>/"
_SOURCE = "catalog/sources/<int:source_id>/"

console: list[Screen] = [
    ("catalog/", type_views.type_list, "catalog"),
    ("catalog/pages/add/", source_views.pages_add, "catalog_pages_add"),
    (_SOURCE, source_views.source_edit, "catalog_source_edit"),
    (f"{_SOURCE}end/", source_views.source_end, "catalog_source_remove"),
    ("catalog/types/add/", type_views.type_add, "catalog_type_add"),
    (_TYPE, type_views.type_detail, "catalog_type"),
    (f"{_TYPE}edit/", type_views.type_edit, "catalog_type_edit"),
    (f"{_TYPE}remove/", type_views.type_remove, "catalog_type_remove"),
    (f"{_TYPE}restore/", type_views.type_restore, "catalog_type_restore"),
    (f"{_TYPE}attributes/add/", type_views.attribute_add, "catalog_attribute_add"),
    (_ATTRIBUTE, type_views.attribute_edit, "catalog_attribute_edit"),
    (f"{_ATTRIBUTE}move/", type_views.attribute_move, "catalog_attribute_move"),
    (f"{_ATTRIBUTE}remove/", type_views.attribute_remove, "catalog_attribute_remove"),
    (f"{_TYPE}entries/add/", entry_views.entry_add, "catalog_entry_add"),
    (f"{_TYPE}entries/import/", csv_views.entries_import, "catalog_entries_import"),
    (f"{_TYPE}entries/export/", csv_views.entries_export, "catalog_entries_export"),
    (_ENTRY, entry_views.entry, "catalog_entry"),
    (f"{_ENTRY}remove/", entry_views.entry_remove, "catalog_entry_remove"),
    (f"{_ENTRY}restore/", entry_views.entry_restore, "catalog_entry_restore"),
    (f"{_ENTRY}addresses/add/", entry_views.exception_add, "catalog_exception_add"),
]
