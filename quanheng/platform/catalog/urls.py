"""Addresses of the catalogue."""

from django.urls import path

from quanheng.platform.catalog import views

app_name = "catalog"
urlpatterns = [
    path("", views.CategoriesPage.as_view(), name="categories"),
    path("<int:pk>/", views.CategoryPage.as_view(), name="category"),
    path("norms/", views.NormsPage.as_view(), name="norms"),
    path("norms/<int:pk>/", views.NormPage.as_view(), name="norm"),
]
