"""Charts to explore: what they are made of, and what is refused."""

import json
from dataclasses import replace

import nbformat
import numpy as np
import pandas as pd
import pytest
from sample_explorer import NAMES, exploration, part
from sample_report import PAGE, cell, notebook

from research.report import display, explore, export
from research.report.translate import LANGUAGES


@pytest.fixture(scope="module")
def rendered():
    page = replace(PAGE, languages=LANGUAGES)
    return export.render(notebook(cell(part())), page)


def chart_of(html):
    made = html.split('<script type="application/json">')[1].split("</script>")[0]
    return json.loads(made)


# --- what a page holds --------------------------------------------------------------


def test_the_numbers_of_the_chart_are_those_of_the_data_behind_it(rendered):
    data = chart_of(rendered.html)["data"]
    chart = pd.DataFrame(
        {
            name: np.array(values["levels"])[values["codes"]]
            if isinstance(values, dict)
            else values
            for name, values in data.items()
        }
    )
    csv = rendered.files[f"tables/{PAGE.notebook}.load_explorer.csv"]
    behind = pd.read_csv(pd.io.common.StringIO(csv.lstrip("\ufeff")))
    wide = chart.pivot(
        index=["season", "day_type", "hour"], columns="segment", values="kw"
    )
    behind = behind.set_index(["season", "day_type", "hour"]).loc[wide.index]
    assert np.allclose(wide.to_numpy(), behind[wide.columns].to_numpy())
    digits = chart["kw"].map(lambda kw: len(f"{kw:g}".replace(".", "").lstrip("0")))
    assert digits.max() <= 3


def test_what_draws_charts_is_only_in_pages_that_have_one(rendered):
    without = export.render(notebook(), PAGE).html
    assert "vegaEmbed" in rendered.html
    assert "vegaEmbed" not in without
    assert ".explorer" not in without


def test_the_policy_names_both_scripts_by_hash_and_nothing_more(rendered):
    policy = rendered.html.split('Content-Security-Policy" content="')[1].split('"')[0]
    rules = policy.split("script-src ")[1].split(";")[0].split()
    assert len(rules) == 2
    assert all(rule.startswith("'sha256-") for rule in rules)
    assert "unsafe" not in policy


def test_the_same_chart_gives_the_same_bytes(rendered):
    again = export.render(notebook(cell(part())), replace(PAGE, languages=LANGUAGES))
    assert again.html == rendered.html


def test_words_of_a_chart_are_translated(rendered):
    chinese = rendered.translations["zh"]
    words = chinese.split('<ul class="words" hidden>')[1].split("</ul>")[0]
    assert "时刻" in words
    assert "户均kW" in words
    assert '<option value="winter" selected>冬季</option>' in chinese


# --- what is refused ----------------------------------------------------------------


def changed(change):
    content = json.loads(json.dumps(part().content["explore"]))
    change(content)
    return content


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            lambda c: c["spec"].update(data={"url": "https://a.example/x.csv"}),
            id="data from an address",
        ),
        pytest.param(
            lambda c: c["spec"]["encoding"].update(
                href={"field": "segment", "type": "nominal"}
            ),
            id="a link",
        ),
        pytest.param(
            lambda c: c["spec"]["layer"].append({"mark": "image"}), id="a picture"
        ),
        pytest.param(
            lambda c: c["spec"]["layer"].append(
                {"mark": {"type": "image", "url": "https://a.example"}}
            ),
            id="a picture in full",
        ),
        pytest.param(
            lambda c: c["spec"]["transform"].append(
                {"calculate": "datum.hour.constructor('x')()", "as": "y"}
            ),
            id="an expression of another form",
        ),
        pytest.param(
            lambda c: c["spec"]["transform"].append(
                {"lookup": "a", "from": {"data": {"url": "b"}}}
            ),
            id="a lookup",
        ),
        pytest.param(
            lambda c: c["spec"].update(usermeta={"embedOptions": {"ast": False}}),
            id="options of the embedding",
        ),
        pytest.param(
            lambda c: c["spec"]["layer"][0].update(
                encoding={"fill": {"value": "url(https://a.example)"}}
            ),
            id="a colour from an address",
        ),
        pytest.param(
            lambda c: c["spec"]["config"].update(background="url(//a.example)"),
            id="a ground from an address",
        ),
        pytest.param(
            lambda c: c["spec"]["layer"][0].update(
                encoding={"opacity": {"name": "said", "value": {"expr": "now()"}}}
            ),
            id="an expression in the place of words",
        ),
        pytest.param(
            lambda c: c["spec"]["params"].append(
                {"name": "a", "value": {"signal": "now()"}}
            ),
            id="an expression among names",
        ),
        pytest.param(lambda c: c["data"].update(__proto__=[1]), id="a name of scripts"),
        pytest.param(
            lambda c: c["data"].update(kw=[{"url": "x"}]), id="a cell that is none"
        ),
        pytest.param(
            lambda c: c["controls"][0].update(param="a b"), id="a control of no name"
        ),
    ],
)
def test_a_chart_that_is_not_ours_is_refused(change):
    with pytest.raises(ValueError, match=r"which those of research\.plots\.explore"):
        explore.checked(changed(change))


def test_a_notebook_with_such_a_chart_is_no_page():
    content = changed(lambda c: c["spec"].update(data={"url": "x"}))
    bad = replace(part(), content=part().content | {"explore": content})
    with pytest.raises(ValueError, match=r"research\.plots\.explore"):
        export.render(notebook(cell(bad)), PAGE)


def test_data_can_not_end_the_script_they_stand_in(rendered):
    assert "</script><b>" not in rendered.html
    assert NAMES[2] in json.dumps(chart_of(rendered.html), ensure_ascii=False)


def test_a_chart_passes_the_door():
    shown = exploration()
    frame = shown.frame.assign(segment="13912345678")
    with pytest.raises(ValueError, match="telephone"):
        display.explorer(
            replace(shown, frame=frame),
            name="a",
            title="A title",
            caption="A caption",
            alt="A sentence that says what is seen.",
        )


def test_a_bundle_holds_chart_and_still_at_once():
    data, metadata = part()._repr_mimebundle_()
    assert data["application/vnd.research.part+json"]["explore"]["spec"]["layer"]
    assert data["image/svg+xml"].startswith("<svg")
    assert metadata["image/svg+xml"]["alt"].startswith("Lines of the mean day")
    nbformat.validate(notebook(cell(part())))
