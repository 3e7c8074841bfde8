"""Property tests: the same examples on every run by default; `make fuzz` asks for new ones, round after round."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "default", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("fuzz", settings.get_profile("default"), derandomize=False, max_examples=500)
settings.load_profile("default")
