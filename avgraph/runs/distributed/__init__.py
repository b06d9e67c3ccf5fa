"""Training on several processes: started here, or by torchrun and SLURM."""
