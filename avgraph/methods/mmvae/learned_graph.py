def learned_graph(task, clips): return task.graph
def shown_clips(clips, n): return clips.of_split("test")[:n]
