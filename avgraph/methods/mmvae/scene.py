"""What the network is given and what it makes of it before any latent."""

from __future__ import annotations

from dataclasses import dataclass, replace

from jaxtyping import Bool, Float, Int
from torch import Tensor


@dataclass(frozen=True)
class Scene:
    """Some frames with what is heard in them.

    Attributes:
        frame: pictures from 0 to 1; black where there is none.
        sound: vector of the audio of each frame; 0 where there is none.
        clip: number of the clip of each frame.
        heard: whether a frame has audio; ``seen``: whether it has a picture.
        maps: the four feature maps, after sound and picture have met; empty before.
        attention: of the sounds on the patches of each map [f, t, h, w], where it was asked for.

    Shapes:
        frame [f, 3, h, w], sound [f, d], clip, heard, seen [f]
    """

    frame: Float[Tensor, "f 3 h w"]
    sound: Float[Tensor, "f d"]
    clip: Int[Tensor, " f"]
    heard: Bool[Tensor, " f"]
    seen: Bool[Tensor, " f"]
    maps: tuple[Tensor, ...] = ()
    attention: tuple[Tensor, ...] = ()

    def take(self, frames: Tensor) -> Scene:
        """The same of some of the frames."""
        return replace(
            self,
            frame=self.frame[frames],
            sound=self.sound[frames],
            clip=self.clip[frames],
            heard=self.heard[frames],
            seen=self.seen[frames],
            maps=tuple(part[frames] for part in self.maps),
            attention=tuple(part[frames] for part in self.attention),
        )
