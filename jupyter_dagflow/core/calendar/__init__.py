"""When schedules fire, and which stretch of time each run is about: pure, with zones and the time handed in."""
