"""The routes about posts. Given."""
# ruff: noqa: FAST003 -- find_post takes the post_id

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path

from app import crud
from app.deps import DB, CurrentUser, Limit, Skip, Visitor
from app.models import Post
from app.schemas import PostChanges, PostCreate, PostOut

router = APIRouter(prefix="/posts")
# SQLite's integers have 64 bits; a greater number would be an error in the driver.
PostId = Annotated[int, Path(ge=-(2**63), lt=2**63)]


async def find_post(post_id: PostId, visitor: Visitor, session: DB) -> Post:
    """The post, if this visitor may read it; a draft does not exist for anybody but its author."""
    post = await crud.get_post(session, post_id)
    if post is None or not (post.published or (visitor and visitor.id == post.author_id)):
        raise HTTPException(404, "There is no such post.")
    return post


ReadablePost = Annotated[Post, Depends(find_post)]


async def find_own_post(me: CurrentUser, post: ReadablePost) -> Post:
    """The post, if it is the user's own."""
    if post.author_id != me.id:
        raise HTTPException(403, "This is somebody else's post.")
    return post


OwnPost = Annotated[Post, Depends(find_own_post)]


@router.post("", status_code=201, response_model=PostOut)
async def write_post(new: PostCreate, me: CurrentUser, session: DB) -> Post | None:
    """Store a post of the user who is logged in."""
    post = await crud.create_post(session, me.id, new.title, new.content, new.tags, new.published)
    return await crud.get_post(session, post.id)


@router.get("", response_model=list[PostOut])
async def read_posts(session: DB, tag: str | None = None, skip: Skip = 0, limit: Limit = 100) -> Sequence[Post]:
    """The published posts, newest first."""
    return await crud.get_posts_with_authors(session, tag=tag, skip=skip, limit=limit)


@router.get("/{post_id}", response_model=PostOut)
async def read_post(post: ReadablePost) -> Post:
    """One post."""
    return post


@router.patch("/{post_id}", response_model=PostOut)
async def change_post(changes: PostChanges, post: OwnPost, session: DB) -> Post | None:
    """Change what is sent."""
    post_id = post.id
    await crud.update_post(session, post_id, changes.model_dump(exclude_unset=True))
    return await crud.get_post(session, post_id)


@router.delete("/{post_id}", status_code=204)
async def delete_post(post: OwnPost, session: DB) -> None:
    """Delete a post."""
    await crud.delete_post(session, post.id)
