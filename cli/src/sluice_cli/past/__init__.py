"""What a rollout has done, from its record alone: replayed, and explained."""
