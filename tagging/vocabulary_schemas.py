"""What the API takes and gives of one tag of the vocabulary."""

from __future__ import annotations

from ninja import Field, Schema

from datasets.queries.images import file_address
from datasets.schemas import ImageNumber
from tagging.queries.tag_detail import TagDetail

LONGEST_DESCRIPTION = 5_000
_LONGEST_TYPED = 2_000
_MOST_DATASETS = 500


class TagCategoryOut(Schema):
    """A category of the vocabulary."""

    id: int
    name: str
    colour: str


class WordOut(Schema):
    """A name that something can be done with by its number."""

    id: int
    name: str


class ExamplePictureOut(Schema):
    """A picture that shows a tag."""

    image: int
    name: str
    dataset: str
    thumbnail: str
    width: int
    height: int
    colour: str


class TagDetailOut(Schema):
    """A tag with all there is to say of it."""

    id: int
    name: str
    description: str
    category: TagCategoryOut | None
    aliases: list[WordOut]
    implies: list[WordOut] = Field(description="What follows from it at once; the numbers are those of the tags.")
    implied_by: list[str] = Field(description="The tags that it follows from at once.")
    is_deprecated: bool
    successor: str = Field(description="What takes its place; empty where nothing does.")
    datasets: list[WordOut] = Field(description="It is meant for these alone; without any for all.")
    more_datasets: int = Field(description="How many more there are that one may not see.")
    examples: list[ExamplePictureOut]
    more_examples: int = Field(description="How many more there are in datasets that one may not see.")
    can_edit: bool

    @classmethod
    def of(cls, detail: TagDetail, *, can_edit: bool) -> TagDetailOut:
        """Build it from what was read."""
        tag = detail.tag
        category = tag.category
        return cls(
            id=tag.pk,
            name=tag.name,
            description=tag.description,
            category=TagCategoryOut(id=category.pk, name=category.name, colour=category.colour) if category else None,
            aliases=[WordOut(id=alias.pk, name=alias.name) for alias in detail.aliases],
            implies=[WordOut(id=row.implies_id, name=row.implies.name) for row in detail.implies],
            implied_by=detail.implied_by,
            is_deprecated=tag.deprecated_at is not None,
            successor=tag.successor.name if tag.successor else "",
            datasets=[WordOut(id=dataset.pk, name=dataset.name) for dataset in detail.datasets],
            more_datasets=detail.more_datasets,
            examples=[
                ExamplePictureOut(
                    image=image.pk,
                    name=image.original_name,
                    dataset=image.dataset.name,
                    thumbnail=file_address(image, "thumbnail"),
                    width=image.width,
                    height=image.height,
                    colour=image.colour,
                )
                for image in detail.examples
            ],
            more_examples=detail.more_examples,
            can_edit=can_edit,
        )


class TagPatch(Schema):
    """What to change of a tag; what is left out stays."""

    description: str | None = Field(None, max_length=LONGEST_DESCRIPTION)
    category: int | None = Field(None, ge=0, le=2**63 - 1, description="Its number; 0 for none.")


class NameIn(Schema):
    """A name as a person writes it."""

    name: str = Field(max_length=_LONGEST_TYPED)


class DeprecationIn(Schema):
    """What takes the place of a tag that is not used any more."""

    successor: str = Field("", max_length=_LONGEST_TYPED, description="A tag's name; empty where nothing does.")


class ScopeIn(Schema):
    """The datasets that a tag is meant for; without any it is shared by all."""

    datasets: list[ImageNumber] = Field(max_length=_MOST_DATASETS)


class ExamplesIn(Schema):
    """Pictures that show a tag, beside those that do already."""

    images: list[ImageNumber] = Field(min_length=1, max_length=20)
