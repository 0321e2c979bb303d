"""Rules and events that every matcher must judge alike, one behaviour each."""

from tocsin.book.book import AreaShape, Content, Table
from tocsin.book.match import AnyOf, Expect, FieldRef, Inside, Match, Near, NoneOf
from tocsin.book.rule import Clear, Rule, When
from tocsin.domain.event import Event, Place

SQUARE = {"type": "Polygon", "coordinates": [[[37.0, 48.0], [37.1, 48.0], [37.1, 48.1], [37.0, 48.1], [37.0, 48.0]]]}
CONTENT = Content(areas={"centre": AreaShape("centre", SQUARE)},
                  lists={"watch": Table(("plate",), ({"plate": "АН1234ВС"},))})

TYPE, VALUE = Expect("type", "is", "alarm.fire"), Expect("value", "above", 10)


def event(type="alarm.fire", status=None, site=None, location=None, areas=(), **data):
    return Event(id="1", source="s", type=type, time=0, received=0, status=status, site=site, location=location,
                 areas=areas, data=data)


CASES = {
    # name: (clauses, events that fit, events that do not)
    "everything": ((), [event(), event("door")], [event(status="resolved")]),
    "a type": ((TYPE,), [event(), event(status="firing")], [event("alarm"), event("alarm.fire.hot")]),
    "a family of types": ((Expect("type", "is", "alarm.*"),), [event(), event("alarm.a.b")], [event("alarm")]),
    "a deeper family": ((Expect("type", "is", "alarm.fire.*"),),
                       [event("alarm.fire.hot")], [event(), event("alarm.x")]),
    "several types": ((Expect("type", "any_of", ("door", "alarm.*")),), [event("door"), event()], [event("window")]),
    "not a type": ((Expect("type", "not", "alarm.*"),), [event("door")], [event()]),
    "a text": ((TYPE, Expect("zone", "is", "двір"),),
              [event(zone="двір")], [event(zone="Двір"), event(zone=1), event()]),
    "a text with quotes": ((Expect("zone", "is", 'a "b"\n\\'),), [event(zone='a "b"\n\\')], [event(zone="a b")]),
    "text like a number": ((Expect("zone", "is", "12"),), [event(zone="12")], [event(zone=12), event(zone="12.0")]),
    "ignoring case": ((Expect("zone", "is", "ДВІР", fold=True),), [event(zone="двір")], [event(zone="дім")]),
    "a number": ((Expect("value", "is", 12),),
                [event(value=12), event(value=12.0)], [event(value="12"), event(value=1)]),
    "a fraction": ((Expect("value", "is", 0.3),), [event(value=0.3)], [event(value=0.1 + 0.2), event(value=0.30001)]),
    "a flag": ((Expect("value", "is", True),), [event(value=True)], [event(value=1), event(value="true"), event()]),
    "a limit": ((TYPE, VALUE),
               [event(value=10.5), event(value=11)], [event(value=10), event(value="11"), event(value=True)]),
    "limits": ((Expect("value", "at_least", -1.5), Expect("value", "below", 0)), [event(value=-1.5), event(value=-1)],
               [event(value=0), event(value=-2)]),
    "another field's limit": ((Expect("value", "above", FieldRef("limit")),), [event(value=2, limit=1.5)],
                              [event(value=1, limit=1.5), event(value=2), event(limit=1), event(value=2, limit="1")]),
    "another field's value": ((Expect("value", "is", FieldRef("limit")),), [event(value="a", limit="a")],
                              [event(value="a", limit="b"), event(), event(value=1, limit="1")]),
    "not a value": ((Expect("value", "not", 12),),
                   [event(value=13), event(value="12"), event()], [event(value=12.0)]),
    "none of several": ((Expect("value", "not_in", (1, "a")),),
                       [event(), event(value="b")], [event(value=1), event(value="a")]),
    "missing": ((Expect("value", "is", None),), [event(), event(value=None)], [event(value=0)]),
    "there": ((Expect("value", "exists", True),), [event(value=""), event(value={"a": 1})], [event()]),
    "a deep field": ((Expect("a.b", "is", 1),), [event(a={"b": 1})], [event(a=1), event()]),
    "alternatives": ((AnyOf((Match((TYPE, VALUE)), Match((Expect("site", "is", "school"),)))),),
                     [event(value=11), event("door", site="school")], [event(value=1), event("door", value=11)]),
    "none": ((TYPE, NoneOf((Match((VALUE,)), Match((Expect("site", "exists", True),))))), [event(), event(value="x")],
             [event(value=11), event(site="x")]),
    "none of a negative": ((NoneOf((Match((Expect("value", "not", 1),)),)),),
                          [event(value=1)], [event(value=2), event()]),
    "inside an area": ((Inside("centre"),), [event(areas=("centre",))], [event(), event(areas=("other",))]),
    "a pattern": ((Expect("zone", "like", "a*b"),), [event(zone="ab")], [event(zone="abc"), event()]),
    "an expression": ((Expect("zone", "matches", "a+"),), [event(zone="aa")], [event(zone="ab")]),
    "a part of a text": ((Expect("zone", "contains", "ir"),), [event(zone="fire")], [event(zone="fir"[::-1])]),
    "a list": ((Expect("plate", "in", "watch"),), [event(plate=" АН1234ВС")], [event(plate="x"), event()]),
    "near a point": ((Near((48.0, 37.0), 200.0),),
                    [event(location=Place(48.001, 37.0))], [event(location=Place(48.01, 37.0))]),
    "one of a list's elements": ((Expect("zone", "is", "a"),),
                                [event(zone=["b", "a"])], [event(zone=["b"]), event(zone=[])]),
}
RULES = [Rule(id=name, say="…", when=When("event", match=Match(clauses))) for name, (clauses, _, _) in CASES.items()]
RULES += [
    Rule(id="clears", say="…", when=When("event", match=Match((TYPE,))),
         clear=Clear(when=Match((Expect("value", "is", 0),)))),
    Rule(id="names status", say="…", when=When("event", match=Match((TYPE, Expect("status", "is", "resolved"))))),
    Rule(id="composed", say="…", when=When("incident", of="clears")),
    Rule(id="switched off", say="…", when=When("event"), enabled=False),
]
