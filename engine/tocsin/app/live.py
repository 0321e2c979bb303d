"""What live mode refuses: endpoints that are neither the providers' own nor listed, last resorts without a channel."""

from urllib.parse import urlsplit

from tocsin.book.book import Content
from tocsin.book.contacts import Person, Policy, Target
from tocsin.book.reach import people_behind
from tocsin.book.restrictions import NONE, asked_for, content_by
from tocsin.domain.errors import SettingsError
from tocsin.roster.reach import groups_for
from tocsin.settings import Settings, foreign_endpoints


def refuse_unfit(settings: Settings, content: Content) -> None:
    """Raises SettingsError with every reason why this site must not run live, each saying what to set."""
    reasons = [f"{base} is not the provider's own address: remove api_base, or list its host under allow_endpoint in "
               f"{settings.path} (for exercises use `tocsin practice`)" for base in foreign_endpoints(settings)]
    reasons += [f"{person.name} is a webhook at {host}, which is not under allow_endpoint in {settings.path}: list it "
                "there if messages may go to it" for person, host in _strange_webhooks(settings, content)]
    usable = set(settings.channels.names)
    if not usable:
        reasons.append(f"no channel is configured: set channels.telegram, channels.sms or channels.email in "
                       f"{settings.path}")
    else:
        reasons += [
            f"the last resort of the policy {policy.id} reaches nobody by the configured channels "
            f"({', '.join(sorted(usable))}): add a channel in {settings.path}, or an address in contacts/people.yaml"
            for policy in content.policies.values() if not _reaches(policy, content, usable)]
    if reasons:
        raise SettingsError("\n".join(reasons))


def _strange_webhooks(settings: Settings, content: Content) -> list[tuple[Person, str]]:
    """Webhooks have no provider: every host that messages go to must be listed."""
    if settings.channels.webhook is None:
        return []
    hosts = [(person, urlsplit(person.addresses["webhook"]).hostname or "") for person in content.people.values()
             if "webhook" in person.addresses]
    return [(person, host) for person, host in hosts if host not in settings.allow_endpoint]


def _reaches(policy: Policy, content: Content, usable: set[str]) -> bool:
    resort = policy.last_resort
    for target in resort.to:
        if target.kind == "commander":
            continue
        if "telegram" in usable and _has_open_group(target, content) and (
                not resort.by or any("telegram" in group for group in resort.by)):
            return True
        for person in people_behind(target, content):
            channels = {channel for group in groups_for(person, "critical", resort.by) for channel in group}
            services = asked_for(target, person.id, content)
            if any(content_by(content, services, "critical", channel) != NONE
                   for channel in channels & usable & set(person.addresses)):
                return True
    return False


def _has_open_group(target: Target, content: Content) -> bool:
    """Whether the services that a target means have a group that may be told of critical incidents."""
    return any(service.group_chat and content_by(content, (service.id,), "critical", "telegram") != NONE
               for service in content.services.values()
               if (target.kind, target.name) in (("service", service.id), ("area_service", service.kind)))
