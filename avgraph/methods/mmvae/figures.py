def draw_scenes(task, clips, folder): return []
