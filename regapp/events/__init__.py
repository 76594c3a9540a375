"""The training day: its model, its clocks, its programme. Rules only."""
