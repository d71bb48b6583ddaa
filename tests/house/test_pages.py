"""The reader of forms sends what a browser would send."""

from tests.house.pages import form_for

PAGE = """
<form action="/elsewhere/"><input name="q" value="x"></form>
<form method="post" action="/theme/"><input name="theme" value="dark"></form>
<form method="post"><input type="hidden" name="version" value="3"><input name="name" value="A &amp; B">
<textarea name="text">
Hello</textarea><input type="checkbox" name="no" value="1"><input type="checkbox" name="yes" checked>
<input type="radio" name="aim" value="a"><input type="radio" name="aim" value="b" checked>
<select name="store"><option value="">None<option value="7" selected>Ghent</select>
<select name="zone"><option value="UTC">UTC</option><option value="x">X</option></select>
<input name="gone" disabled value="1"><button name="do" value="save">Save</button></form>
"""


def test_a_form_is_read_as_it_stands():
    assert form_for("/here/", PAGE) == {
        "version": "3",
        "name": "A & B",
        "text": "Hello",
        "yes": "on",
        "aim": "b",
        "store": "7",
        "zone": "UTC",
    }
    assert form_for("/theme/", PAGE, page="/here/") == {"theme": "dark"}
    assert form_for("/nowhere/", PAGE, page="/here/") == {}
