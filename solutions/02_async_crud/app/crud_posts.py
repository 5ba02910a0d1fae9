"""Create, read, update, delete: posts. app.crud shows these functions too."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from app.models import Post


async def create_post(
    session: AsyncSession,
    author_id: int,
    title: str,
    content: str,
    tags: Sequence[str] = (),
    published: bool = False,  # noqa: FBT001, FBT002 -- a draft unless told otherwise
) -> Post:
    """Store a post."""
    # TODO 2.8: add the post and flush; tags may come as any sequence and are kept as a list. >>>
    post = Post(author_id=author_id, title=title, content=content, tags=list(tags), published=published)
    session.add(post)
    await session.flush()
    return post
    # <<<


async def get_post(session: AsyncSession, post_id: int) -> Post | None:
    """The post with that id and its author, or None."""
    # TODO 2.8: select the post together with its author: nothing can be loaded later, without await. >>>
    return await session.scalar(select(Post).options(joinedload(Post.author)).where(Post.id == post_id))
    # <<<


async def update_post(session: AsyncSession, post_id: int, changes: Mapping[str, Any]) -> bool:
    """Change title, content, tags or published; False when there is no such post."""
    # TODO 2.8: only what stands in `changes` changes; other names change nothing. >>>
    post = await session.get(Post, post_id)
    if post is None:
        return False
    for name in ("title", "content", "tags", "published"):
        if name in changes:
            setattr(post, name, changes[name])
    # Nothing to flush: what has changed is written before the next statement, or by the commit.
    return True
    # <<<


async def delete_post(session: AsyncSession, post_id: int) -> bool:
    """Delete a post; False when there is no such post."""
    # TODO 2.8: delete the post, and say whether there was one. >>>
    return await session.scalar(delete(Post).where(Post.id == post_id).returning(Post.id)) is not None
    # <<<


async def get_posts_with_authors(
    session: AsyncSession,
    published: bool = True,  # noqa: FBT001, FBT002 -- drafts only when asked for
    tag: str | None = None,
    skip: int = 0,
    limit: int = 100,
) -> Sequence[Post]:
    """A page of published posts (or of drafts), newest first, each with its author loaded."""
    # TODO 2.9: newest first, and by id within the same instant; the authors in the same statement, not one
    #   statement a post. With a tag: only posts that have exactly this tag ("java" is not "javascript"):
    #   func.json_each(...).table_valued("value") gives a row for each tag of a post. >>>
    query = select(Post).options(joinedload(Post.author)).where(Post.published == published)
    if tag is not None:
        tags = func.json_each(Post.tags).table_valued("value")
        query = query.where(exists().select_from(tags).where(tags.c.value == tag))
    query = query.order_by(Post.created_at.desc(), Post.id.desc()).offset(skip).limit(limit)
    return (await session.scalars(query)).all()
    # <<<
