"""Your own tensors, node types and edges: RR-Net on a graph composed by hand, exported for other programs.

Made-up numbers: 60 birds with 12 features each, 4 species with 6, and known sightings of birds together.
Run it from any folder: ``python custom_graph.py``; it writes ``birds.graphml``.
"""

import torch
import torch.nn.functional as F
from torch_geometric.data import HeteroData

from avgraph.export import write_graphml
from avgraph.methods import RRNet
from avgraph.transforms import KNN, Complete

torch.manual_seed(0)
species = torch.randn(4, 6)
kind = torch.arange(60) % 4

data = HeteroData()
data["bird"].x = torch.eye(4)[kind] @ torch.randn(4, 12) + 1.5 * torch.randn(60, 12)
data["bird"].y = kind
data["bird"].train_mask = torch.arange(60) < 40
data["bird"].test_mask = ~data["bird"].train_mask
data["bird"].name = [f"bird {number}" for number in range(60)]
data["species"].x = species
data["species"].y = torch.arange(4)
data["species"].name = ["wren", "robin", "tit", "finch"]
data["bird", "seen_with", "bird"].edge_index = torch.stack([torch.arange(60), (torch.arange(60) + 4) % 60])

data = KNN("bird", k=3)(data)
data = Complete("bird", "species")(data)

seen, near = ("bird", "seen_with", "bird"), ("bird", "near", "bird")
candidate = ("bird", "candidate", "species")
model = RRNet({"bird": 12, "species": 6}, [seen, near], candidate, hidden_channels=16, intra_units=1, inter_units=2)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
known, truth = data[candidate].train_mask, data[candidate].y
for _ in range(100):
    optimizer.zero_grad()
    logits = model(data.x_dict, data.edge_index_dict)
    F.binary_cross_entropy_with_logits(logits[known], truth[known]).backward()
    optimizer.step()

logits = model(data.x_dict, data.edge_index_dict).detach()
data[candidate].probability = logits.sigmoid()
guess = logits.reshape(60, 4).argmax(1)
test = data["bird"].test_mask
print(f"accuracy on the 20 birds not trained on: {(guess == kind)[test].float().mean():.2f} (chance 0.25)")
write_graphml(data, "birds.graphml")
print("wrote birds.graphml")
