"""The errors of model packages.

PackageError
├─ NotAPackageError         the folder has no manifest, or is not there
├─ DamagedManifestError     the manifest cannot be read as one; nothing else was looked at
├─ UnsupportedFormatError   the package was written in a format that this version cannot read
├─ DifferentContentError    a file differs from the manifest, or the digest from the expected one
├─ SealError                the folder cannot become a package
└─ ProfileError             values cannot be profiled, or two profiles do not fit together
"""


class PackageError(Exception):
    """Root of the errors about model packages; the message says what, where and what to do."""


class NotAPackageError(PackageError):
    """There is no sealed package at this place."""


class DamagedManifestError(PackageError):
    """The manifest is not one that `seal` wrote; the package proves nothing."""


class UnsupportedFormatError(PackageError):
    """Another version of Sluice is needed to read the package."""


class DifferentContentError(PackageError):
    """The content is not what was sealed, or not what was expected."""


class SealError(PackageError):
    """Something that every package must have is missing or cannot be written."""


class ProfileError(PackageError):
    """The values do not fit the schema, or the profiles do not belong together."""
