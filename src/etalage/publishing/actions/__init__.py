"""Every write of this room: one function per deed, checked, audited, told to open pages."""

from etalage.publishing.actions.campaigns import (
    CampaignContent,
    archive_campaign,
    create_campaign,
    edit_campaign,
)
from etalage.publishing.actions.codes import (
    CodeContent,
    claim_code_use,
    create_code,
    edit_code,
    end_code,
    give_back_code_use,
    normal_code,
)
from etalage.publishing.actions.copies import delete_copy, keep_copies, note_second_copy
from etalage.publishing.actions.doubt import drop, it_is_there, send_again, try_again
from etalage.publishing.actions.lifecycle import (
    approve_post,
    publish_now,
    schedule_post,
    send_back,
    submit_for_review,
)
from etalage.publishing.actions.pictures import (
    add_picture,
    add_product_picture,
    describe_picture,
    order_pictures,
    remove_picture,
)
from etalage.publishing.actions.posts import (
    ChannelChoice,
    PostContent,
    create_post,
    delete_post,
    duplicate_post,
    edit_post,
    save_post,
    set_channels,
    set_products,
)
from etalage.publishing.actions.standing import (
    Changed,
    Withdrawal,
    edit_published,
    withdraw_post,
    withdraw_publication,
)
from etalage.publishing.actions.waking import after_disconnection, after_resumption

__all__ = [
    "CampaignContent",
    "Changed",
    "ChannelChoice",
    "CodeContent",
    "PostContent",
    "Withdrawal",
    "add_picture",
    "add_product_picture",
    "after_disconnection",
    "after_resumption",
    "approve_post",
    "archive_campaign",
    "claim_code_use",
    "create_campaign",
    "create_code",
    "create_post",
    "delete_copy",
    "delete_post",
    "describe_picture",
    "drop",
    "duplicate_post",
    "edit_campaign",
    "edit_code",
    "edit_post",
    "edit_published",
    "end_code",
    "give_back_code_use",
    "it_is_there",
    "keep_copies",
    "normal_code",
    "note_second_copy",
    "order_pictures",
    "publish_now",
    "remove_picture",
    "save_post",
    "schedule_post",
    "send_again",
    "send_back",
    "set_channels",
    "set_products",
    "submit_for_review",
    "try_again",
    "withdraw_post",
    "withdraw_publication",
]
