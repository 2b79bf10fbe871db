"""`{{ bytes|decimal_size }}`."""

from django import template

from tagger_project.sizes import decimal_size

register = template.Library()
register.filter("decimal_size", decimal_size)
