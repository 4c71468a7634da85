"""Which rights are asked for, and what a missing one is told as."""

from canned_api import operator_deployment, site_at, site_of
from sluice_cli.doctor.finding import Verdict
from sluice_cli.doctor.reader import Unknown
from sluice_cli.doctor.right import examine, judge, operator_rights, runner_rights
from sluice_cli.doctor.site import operator_seen
from sluice_components.permission import PERMISSIONS as RUNNER_PERMISSIONS
from sluice_operator.cluster.permission import PERMISSIONS

SITE = site_at("http://127.0.0.1:9")
SITE.__dict__["workloads"] = [operator_deployment()]


def rights(**settings: str):
    return operator_rights(operator_seen(operator_deployment(**settings)))


def test_every_right_of_the_operator_s_table_is_asked_for():
    asked = {(r.group, r.resource, r.subresource, r.verb) for r in rights()}
    table = {(p.kind.group, p.kind.plural, p.subresource, v) for p in PERMISSIONS for v in p.verbs}
    assert asked == table


def test_an_operator_of_all_namespaces_needs_its_rights_everywhere_but_for_the_lease():
    places = {r.resource: r.namespace for r in rights(lease_namespace="ml")}
    assert places.pop("leases") == "ml"
    assert set(places.values()) == {""}


def test_an_operator_of_two_namespaces_is_asked_about_both():
    found = rights(namespaces="shop,bank")
    assert {r.namespace for r in found if r.resource == "models"} == {"shop", "bank"}
    assert {r.namespace for r in found if r.resource == "namespaces"} == {""}


def test_every_right_of_the_pipelines_table_is_asked_for():
    asked = {(r.group, r.resource, r.verb) for r in runner_rights("ml")}
    table = {(g.partition("/")[0], p, v) for g, p, verbs in RUNNER_PERMISSIONS for v in verbs}
    assert asked == table


def test_a_missing_right_is_named_and_comes_back_with_the_release():
    given = rights()
    asked: dict = dict.fromkeys(given, True)
    lost = next(r for r in given if (r.resource, r.verb) == ("experiments", "patch"))
    found = judge("sluice-operator", asked | {lost: False}, SITE)
    assert (found.verdict, found.object) == (Verdict.FAILURE, "serviceaccount sluice-operator")
    assert found.said == "may not patch experiments.mlops.seldon.io"
    assert found.next.startswith("helm upgrade --install sluice helm/operator")


def test_many_missing_rights_are_told_by_resource_and_counted():
    asked: dict = dict.fromkeys(rights(), False)
    resources = {(r.resource, r.subresource) for r in asked}
    said = judge("sluice-operator", asked, SITE).said
    assert said.startswith("may not get, list, watch, patch modeldeployments.sluice.dev; ")
    assert said.endswith(f"and more on {len(resources) - 4} other resources")


def test_who_may_not_ask_learns_nothing():
    asked: dict = dict.fromkeys(rights(), Unknown(why="forbidden", code=403))
    assert judge("sluice-operator", asked, SITE).verdict is Verdict.NOT_ASKED


def test_a_pipeline_that_nobody_allows_to_deploy_is_no_failure():
    with site_of({}) as site:
        verdicts = {one.object: one.verdict for one in examine(site)}
    assert set(verdicts.values()) == {Verdict.NOT_INSTALLED}
