"""What live mode refuses: endpoints that are not the providers' own, and a last resort that no channel carries."""

from tocsin.book.book import Content
from tocsin.book.contacts import Policy
from tocsin.book.reach import people_behind
from tocsin.domain.errors import SettingsError
from tocsin.roster.reach import groups_for
from tocsin.settings import Settings, foreign_endpoints


def refuse_unfit(settings: Settings, content: Content) -> None:
    """Raises SettingsError with every reason why this site must not run live, each saying what to set."""
    reasons = [f"{base} is not the provider's own address: remove api_base, or list its host under allow_endpoint in "
               f"{settings.path} (for exercises use `tocsin practice`)" for base in foreign_endpoints(settings)]
    usable = {name for name in ("telegram", "sms", "email") if getattr(settings.channels, name) is not None}
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


def _reaches(policy: Policy, content: Content, usable: set[str]) -> bool:
    resort = policy.last_resort
    for target in resort.to:
        if target.kind == "commander":
            continue
        for person in people_behind(target, content):
            channels = {channel for group in groups_for(person, "critical", resort.by) for channel in group}
            if channels & usable & set(person.addresses):
                return True
    return False
