"""What a batch that is split over ranks needs: rows gathered with their gradient, layers that see the whole batch."""

from avgraph.nn.distributed.gather import gather_rows as gather_rows
from avgraph.nn.distributed.gather import mean_over_ranks as mean_over_ranks
from avgraph.nn.distributed.gather import shared_rows as shared_rows
from avgraph.nn.distributed.gather import sum_over_ranks as sum_over_ranks
from avgraph.nn.distributed.whole_batch import WholeBatchDropout as WholeBatchDropout
from avgraph.nn.distributed.whole_batch import WholeBatchNorm as WholeBatchNorm
from avgraph.nn.distributed.whole_batch import over_whole_batch as over_whole_batch
from avgraph.nn.distributed.whole_batch import whole_batch_noise as whole_batch_noise
