"""Numbers of a page in German: written as in English, as SVG and CSS read them."""

DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ""
