"""What each rule means, in a sentence each; docs/rules.md says it at length."""

from __future__ import annotations

from typing import NamedTuple


class RuleText(NamedTuple):
    """A rule for people: a short name, what it saw, and what to do."""

    name: str
    meaning: str
    remedy: str


RULE_TEXTS: dict[str, RuleText] = {
    "DG101": RuleText(
        "ProtectedPackageReplaced",
        "A protected package would be replaced, or shadowed, by another artifact.",
        "Take a release that goes with the installed one, or drop the requirement.",
    ),
    "DG102": RuleText(
        "ProtectedPackageRemoved",
        "A protected package would be uninstalled.",
        "Leave it out of the uninstall or the sync.",
    ),
    "DG103": RuleText(
        "FilesOverwritten",
        "A wheel ships files that another installed package owns.",
        "Take one of the two, not both.",
    ),
    "DG104": RuleText(
        "ProtectedFamilySplit",
        "An addition belongs to another version of a protected family, or to another CUDA.",
        "Take what was built for the installed head of the family.",
    ),
    "DG201": RuleText(
        "HeldPackageOutOfRange",
        "A held package would leave the range that the policy gives it.",
        "Take a release that is content with the range.",
    ),
    "DG202": RuleText(
        "HostRequirementBroken",
        "A requirement of an installed package held before and would not hold after.",
        "Leave the required package as it is, or move both.",
    ),
    "DG203": RuleText(
        "ForbiddenPackage",
        "A package that the policy forbids would come in.",
        "Take what the policy names instead.",
    ),
    "DG204": RuleText(
        "RestartNeeded",
        "A package changes whose modules the session has loaded already.",
        "Restart the session after the install, before the first import.",
    ),
    "DG301": RuleText(
        "BuiltForAnotherNumpy",
        "A compiled module cannot run with the host's NumPy, or may compute wrong results with it.",
        "Take a release that was built for the host's NumPy.",
    ),
    "DG302": RuleText(
        "BuiltForAnotherTorch",
        "A compiled module needs symbols or libraries that the host's torch does not have.",
        "Take the release that was built for exactly the host's torch.",
    ),
    "DG303": RuleText(
        "NoFittingArtifact",
        "No artifact of a release fits the host's Python, platform or glibc.",
        "Take a release that has a wheel with one of the host's tags.",
    ),
    "DG304": RuleText(
        "NeedsBuild",
        "A source distribution would be built on the host.",
        "Take a release with a wheel, or allow builds in the policy.",
    ),
    "DG401": RuleText(
        "UnverifiableSource",
        "A package comes from a direct URL, or without a hash.",
        "Take a release from an index, or state its metadata in the policy.",
    ),
    "DG402": RuleText(
        "YankedRelease",
        "The release was yanked by its authors.",
        "Take another release.",
    ),
    "DG403": RuleText(
        "PreRelease",
        "A pre-release would come in without anybody asking for one.",
        "Ask for the final release, or name the pre-release in the requirement.",
    ),
    "DG404": RuleText(
        "FellFarBack",
        "The plan only works with a release far older than the newest, or silent where that says no.",
        "Test it and say so in the policy, or take another package.",
    ),
    "DG405": RuleText(
        "UnknownMetadata",
        "What a package requires could not be known.",
        "State its requirements in the host file or the policy.",
    ),
    "DG502": RuleText(
        "LockOutOfStep",
        "A written file is not what the policy and its hosts give.",
        "Run depguard lock and commit the result.",
    ),
    "DG503": RuleText(
        "BaselineDrift",
        "A live machine does not have the versions that its host came with.",
        "Begin anew where somebody changed it; plan for the live host where the image moved on.",
    ),
    "DG505": RuleText(
        "ExceptionWithoutEffect",
        "An override or a waiver changed nothing, or is past its end.",
        "Take it out of the policy, or renew it.",
    ),
    "DG506": RuleText(
        "NotRead",
        "A file of the repository could not be read, or was refused.",
        "Mend the file; what leaves the repository is never read.",
    ),
    "DG901": RuleText(
        "InterruptedInstall",
        "A pip that was killed left ~ folders behind.",
        "Get a fresh environment if the package is gone; else the folder may be deleted.",
    ),
    "DG902": RuleText(
        "MissingFile",
        "A file that RECORD lists is not there.",
        "Get a fresh environment.",
    ),
    "DG903": RuleText(
        "ChangedBytes",
        "A file has other bytes than were installed.",
        "Get a fresh environment, and look at what changed it.",
    ),
    "DG904": RuleText(
        "TwoMetadataFolders",
        "One project is recorded twice in one folder.",
        "Get a fresh environment.",
    ),
    "DG905": RuleText(
        "MixedVersions",
        "A package holds files of another version, or is half an install.",
        "Get a fresh environment.",
    ),
    "DG906": RuleText(
        "ShadowedModule",
        "An import finds another module before the protected one.",
        "Rename or move what is in the way.",
    ),
    "DG907": RuleText(
        "StaleProcess",
        "A running process has loaded what is no longer on the disk.",
        "Restart it, if the disk is right.",
    ),
    "DG908": RuleText(
        "ProbeFailed",
        "An installed package does not work though its files are as recorded.",
        "Look at the versions and drivers, or begin anew.",
    ),
    "DG909": RuleText(
        "RuntimeUsedBefore",
        "Somebody installed on this machine before.",
        "Nothing, unless an error says otherwise.",
    ),
}
