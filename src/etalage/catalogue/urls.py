"""Addresses of the room `catalogue`."""

from __future__ import annotations

from django.urls import path

from etalage.catalogue import views

app_name = "catalogue"
urlpatterns = [
    path("", views.products, name="products"),
    path("new/", views.new, name="new"),
    path("<uuid:product_id>/", views.product, name="product"),
    path("<uuid:product_id>/edit/", views.edit, name="edit"),
    path("<uuid:product_id>/stock/", views.stock, name="stock"),
    path("<uuid:product_id>/status/", views.status, name="status"),
    path("<uuid:product_id>/articles/", views.add_article, name="add_article"),
    path("articles/<uuid:variant_id>/", views.article, name="article"),
    path("articles/<uuid:variant_id>/retire/", views.retire, name="retire"),
    path("<uuid:product_id>/pictures/", views.add_pictures, name="add_pictures"),
    path("<uuid:product_id>/pictures/again/", views.pictures_again, name="pictures_again"),
    path("<uuid:product_id>/pictures/forget/", views.pictures_forget, name="pictures_forget"),
    path("pictures/<uuid:picture_id>/", views.picture, name="picture"),
    path("pictures/<uuid:picture_id>/remove/", views.remove_picture, name="remove_picture"),
]
