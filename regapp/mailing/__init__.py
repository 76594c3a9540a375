"""How mail leaves the house: the outbox, the way out, calendar invitations; no pages."""
