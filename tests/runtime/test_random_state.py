"""What is drawn inside the block leaves no trace in the caller's random state."""

import pytest
import torch

from avgraph.runtime.settings import random_state_kept


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def test_the_caller_draws_what_it_would_have_drawn(device: str) -> None:
    torch.manual_seed(0)
    wanted = torch.rand(3, device=device)
    torch.manual_seed(0)
    with random_state_kept():
        torch.manual_seed(1)
        torch.rand(3, device=device)
    torch.testing.assert_close(torch.rand(3, device=device), wanted, rtol=0, atol=0)
