"""Files of products as shops and tills write them."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import translation

from etalage.catalogue.models import Product, ProductStatus, Stock, Variant, WantedPicture
from etalage.imports.models import ImportRun
from etalage.imports.reading.refusals import FileRefused
from tests.catalogue.conftest import ReadIn, catalogue, codes, counts
from tests.conftest import World

TILL = (
    "Artikelnummer;Omschrijving;Verkoopprijs;Streepjescode\n"
    "1001;Kop en schotel;12,50;5412345000013\n"
    "1002;Theepot;39,95;\n"
)


def price(sku: str) -> tuple[int, int | None, str]:
    variant = Variant.objects.get(sku=sku)
    return variant.price_minor, variant.compare_at_minor, variant.currency


def test_a_dutch_till_list_with_decimal_commas(read_in: ReadIn) -> None:
    assert counts(read_in(TILL, language="nl")) == {"created": 2}
    cup = Product.objects.get(handle="1001")
    assert dict(cup.title) == {"nl": "Kop en schotel"}
    assert cup.slug == "kop-en-schotel"
    assert price("1001") == (1250, None, "EUR")
    assert Variant.objects.get(sku="1001").barcode == "5412345000013"


def test_titles_per_language_and_html_descriptions(read_in: ReadIn) -> None:
    read_in(
        "sku,Title,Titre (fr),title_nl,Title AR,price,Description,Description (fr)\n"
        "T1,Teapot,Théière,Theepot,إبريق شاي,39.95,"
        '"<p>Holds <b>one</b> litre.</p><script>alert(1)</script><p>Blue &amp; white.</p>",Un litre\n'
    )
    product = Product.objects.get()
    assert dict(product.title) == {"en": "Teapot", "fr": "Théière", "nl": "Theepot", "ar": "إبريق شاي"}
    assert dict(product.description) == {"en": "Holds one litre.\nBlue & white.", "fr": "Un litre"}
    for word in ("teapot", "théière", "theiere", "إبريق", "t1"):
        assert word in product.search_text


SHOPIFY = (
    "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,"
    "Variant SKU,Variant Inventory Qty,Variant Price,Variant Compare At Price,Variant Barcode,"
    "Image Src,Image Alt Text\n"
)


def test_shopify_rows_of_one_product_become_its_articles_and_pictures(read_in: ReadIn) -> None:
    run = read_in(
        SHOPIFY
        + 'scarf,Wool scarf,<p>Warm.</p>,Lune,Scarves,"wool, winter",true,Size,Small,Colour,Blue,SC-S,3,25.00,30.00,111,https://x.example/1.jpg,Front\n'
        + "scarf,,,,,,,,Large,,Red,SC-L,0,27.50,,222,https://x.example/2.jpg,\n"
        + "scarf,,,,,,,,,,,,,,,,https://x.example/3.jpg,Back\n"
        + "hat,Hat,,Lune,Hats,,false,Title,Default Title,,,,2,15.00,,,,\n",
        store="GNT",
    )
    assert counts(run) == {"created": 2}
    scarf = Product.objects.get(handle="scarf")
    assert (scarf.vendor, scarf.category, scarf.tags) == ("Lune", "Scarves", ["wool", "winter"])
    small, large = scarf.variants.all()
    assert small.options == {"Size": "Small", "Colour": "Blue"}
    assert large.options == {"Size": "Large", "Colour": "Red"}
    assert price("SC-S") == (2500, 3000, "EUR")
    assert price("SC-L") == (2750, None, "EUR")
    wanted = WantedPicture.objects.order_by("position")
    assert [(w.source, dict(w.alt)) for w in wanted] == [
        ("https://x.example/1.jpg", {"en": "Front"}),
        ("https://x.example/2.jpg", {}),
        ("https://x.example/3.jpg", {"en": "Back"}),
    ]
    hat = Product.objects.get(handle="hat")
    assert hat.status == ProductStatus.DRAFT
    assert [(v.sku, v.options) for v in hat.variants.all()] == [("hat", {})]
    assert catalogue()["stock"] == {("SC-S", "GNT"): (3, 0), ("SC-L", "GNT"): (0, 0), ("hat", "GNT"): (2, 0)}


def test_an_empty_article_number_gets_a_stable_one(read_in: ReadIn) -> None:
    rows = "ring,Ring,,,,,,Size,52,Stone,Perle d’été,,,80,,,,\nring,,,,,,,,54,,Onyx,,,80,,,,\n"
    read_in(SHOPIFY + rows, columns={"stock": ""})
    assert sorted(Variant.objects.values_list("sku", flat=True)) == ["ring-52-perle-dete", "ring-54-onyx"]


WOO = (
    "ID,Type,SKU,Name,Published,Regular price,Sale price,Categories,Images,Parent,"
    "Attribute 1 name,Attribute 1 value(s),Stock\n"
)


def test_woocommerce_variations_find_their_parent_wherever_they_stand(read_in: ReadIn) -> None:
    run = read_in(
        WOO
        + 'ID1,variable,SHIRT,Shirt,1,,,"Clothing > Shirts, Sale",'
        + '"https://x.example/a.jpg, https://x.example/b.jpg",,Size,"S, M",\n'
        + "ID2,simple,MUG,Mug,-1,9.50,,Kitchen,,,,,\n"
        + "ID3,variation,SHIRT-S,Shirt - S,1,40,32.5,,,SHIRT,Size,S,\n"
        + "ID4,variation,SHIRT-M,Shirt - M,1,40,,,,SHIRT,Size,M,\n",
        columns={"stock": ""},
    )
    assert counts(run) == {"created": 2}
    shirt = Product.objects.get(handle="SHIRT")
    assert dict(shirt.title) == {"en": "Shirt"}
    assert shirt.category == "Clothing > Shirts"
    assert [(v.sku, v.options) for v in shirt.variants.all()] == [
        ("SHIRT-S", {"Size": "S"}),
        ("SHIRT-M", {"Size": "M"}),
    ]
    assert price("SHIRT-S") == (3250, 4000, "EUR")
    assert price("SHIRT-M") == (4000, None, "EUR")
    assert Product.objects.get(handle="MUG").status == ProductStatus.DRAFT
    assert shirt.wanted_pictures.count() == 2


def test_a_prestashop_list_takes_the_price_with_tax(read_in: ReadIn) -> None:
    run = read_in(
        "Product ID;Image;Name;Reference;Category;Price (tax excl.);Price (tax incl.);Quantity;Status\n"
        '5;12.jpg;"Affiche encadrée";demo_6;Art;"29,000000";"34,800000";900;1\n',
        store="Brussels",
        language="fr",
    )
    assert counts(run) == {"created": 1}
    assert price("demo_6") == (3480, None, "EUR")
    assert catalogue()["stock"] == {("demo_6", "BRU"): (900, 0)}


@pytest.mark.parametrize(
    "header", ["Stock Ghent,Stock BRU", "GNT voorraad,Brussels quantity", "stock_gnt,STOCK-BRUSSELS"]
)
def test_a_column_of_stock_for_each_store(read_in: ReadIn, header: str) -> None:
    read_in(f"sku,title,price,{header}\nA1,Cup,1.00,3,0\nB2,Pot,2.00,,-2\n")
    assert catalogue()["stock"] == {("A1", "GNT"): (3, 0), ("A1", "BRU"): (0, 0), ("B2", "BRU"): (0, 0)}


def test_a_row_of_stock_for_each_store(read_in: ReadIn) -> None:
    run = read_in(
        "sku,title,price,store,stock\nA1,Cup,1.00,Ghent,3\nB2,Pot,2.00,ghent,4\nA1,Cup,1.00,BRU,5\nA1,Cup,1.00,Paris,6\n"
    )
    assert counts(run) == {"created": 2, "refused": 1}
    assert codes(run) == {"store_unknown": 1}
    assert catalogue()["stock"] == {("A1", "GNT"): (3, 0), ("A1", "BRU"): (5, 0), ("B2", "GNT"): (4, 0)}


def test_stock_that_names_no_store_needs_one_told_when_there_are_several(
    read_in: ReadIn, world: World
) -> None:
    text = "sku,title,price,stock\nA1,Cup,1.00,3\n"
    with pytest.raises(FileRefused) as refused:
        read_in(text)
    assert refused.value.code == "file_stock_without_store"
    assert "GNT (Ghent)" in refused.value.message
    assert not ImportRun.objects.exists()
    assert counts(read_in(text, columns={"stock": ""})) == {"created": 1}
    Product.objects.all().delete()
    world.brussels.delete()
    assert counts(read_in(text)) == {"created": 1}
    assert catalogue()["stock"] == {("A1", "GNT"): (3, 0)}


def test_a_nightly_file_of_stock_alone_leaves_titles_and_what_is_reserved(
    read_in: ReadIn, world: World
) -> None:
    read_in("sku,title,price,Stock GNT\nA1,Cup,1.00,3\n")
    Stock.objects.update(reserved=2)
    run = read_in("sku,Stock GNT\nA1,1\nZ9,4\n")
    assert counts(run) == {"updated": 1, "refused": 1}
    assert codes(run) == {"article_unknown": 1}
    shelf = Stock.objects.get()
    assert (shelf.on_hand, shelf.reserved, shelf.available) == (1, 2, 0)
    assert dict(Product.objects.get().title) == {"en": "Cup"}


def test_the_name_of_the_price_column_may_say_the_currency(read_in: ReadIn) -> None:
    read_in("sku,title,price_gbp\nA1,Cup,0.315\n")
    assert price("A1") == (32, None, "GBP")
    read_in("sku,title,price_gbp\nA1,Cup,0.30\n", currency="EUR")
    assert price("A1") == (30, None, "EUR")


def test_products_of_the_same_name_have_addresses_of_their_own_that_stay(read_in: ReadIn) -> None:
    text = "sku,title,price\nA,Lamp,1\nB,Lamp,1\nC,Lamp 2,1\nD,Lamp,1\n"
    read_in(text)
    slugs = {p.handle: p.slug for p in Product.objects.all()}
    assert slugs == {"A": "lamp", "B": "lamp-2", "C": "lamp-2-2", "D": "lamp-3"}
    read_in(text.replace("A,Lamp", "A,Lantern"))
    assert {p.handle: p.slug for p in Product.objects.all()} == slugs


REFUSED = {
    ",Cup,1.00": "no_reference",
    "A1,,1.00": "title_missing",
    "A1,Cup,": "price_missing",
    "A1,Cup,dear": "price_unreadable",
    "A1,Cup,-3": "price_negative",
    "A1,Cup,99999999999999999": "price_unreadable",
    f"{'A' * 81},Cup,1.00": "too_long",
    f"A1,{'C' * 301},1.00": "too_long",
    "A1,Cup,1.00,,x,more": "shifted",
    "A1,Cup,1.00,two": "stock_unreadable",
    "A1,Cup,1.00,1.5": "stock_unreadable",
    "A1,Cup,1.00,9999999999": "stock_unreadable",
    "A1,Cup,1.00,1,perhaps": "status_unknown",
}


@pytest.mark.parametrize("row", REFUSED)
def test_a_bad_row_is_kept_with_its_reason_and_no_other_is_lost(read_in: ReadIn, row: str) -> None:
    run = read_in(f"sku,title,price,Stock GNT,status\nG1,Good,1.00,2,active\n{row}\nG2,Better,2.00,3,\n")
    assert run.state == "done"
    assert counts(run) == {"created": 2, "refused": 1}
    assert codes(run) == {REFUSED[row]: 1}
    lines = Path(run.refused_path).read_text("utf-8-sig").splitlines()
    assert lines[0] == "row,reason,explanation,sku,title,price,Stock GNT,status"
    assert lines[1].startswith(f"3,{REFUSED[row]},")
    assert len(lines) == 2


def test_an_article_number_of_another_product_is_refused_each_time(read_in: ReadIn) -> None:
    text = "handle,sku,title,price\ncup,X1,Cup,1.00\npot,X1,Pot,2.00\npot,X2,Pot,2.00\n"
    for _time in range(2):
        run = read_in(text)
        assert codes(run) == {"sku_elsewhere": 1}
        assert Variant.objects.get(sku="X1").product.handle == "cup"
    assert counts(run) == {"unchanged": 2, "refused": 1}


def test_refused_rows_are_explained_in_the_language_of_whoever_reads(read_in: ReadIn) -> None:
    with translation.override("nl"):
        run = read_in("sku,title,price\nA1,Cup,dear\n")
        assert run.examples[0][2].startswith("“dear” is geen prijs")
    assert run.examples == [
        ("price_unreadable", 1, "“dear” is not a price in EUR. Write it as 12.50 or 12,50.")
    ]


def test_cells_that_would_act_as_formulas_are_harmless_in_the_refused_file(read_in: ReadIn) -> None:
    run = read_in('sku,title,price\nA1,"=HYPERLINK(""http://x.example"")",dear\nA2,-5 degrees,-12.50\n')
    text = Path(run.refused_path).read_text("utf-8-sig")
    assert "'=HYPERLINK" in text
    assert ",-12.50" in text
