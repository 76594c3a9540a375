"""regapp: registration and mailing for SWECARNET's training day."""

from flask import Flask

from config import Settings
from regapp import health
from regapp.accounts import access, sessions, signing_in
from regapp.accounts import letters as account_letters
from regapp.accounts.views import bp as accounts_bp
from regapp.campaigns import letters as reminder_letters
from regapp.campaigns import sending
from regapp.campaigns import sending as reminders
from regapp.core import context, error_pages, limits, web
from regapp.core.db import db
from regapp.mailing import link_requests, orders, outbox
from regapp.mailing.inbox import reading
from regapp.mailing.kinds import Kind
from regapp.mailing.link_requests import Door
from regapp.organising import bp as organising_bp
from regapp.organising.alarms.conditions import raise_alarms
from regapp.organising.alarms.mornings import write_digests
from regapp.privacy.disposing import dispose_of_health, dispose_of_reasons
from regapp.registrations import attempts, filling, submissions
from regapp.registrations.day import changes
from regapp.registrations.day import orders as day_orders
from regapp.registrations.letters import calendar_answers, links
from regapp.registrations.letters.wording import parts
from regapp.registrations.pages import bp as registrations_bp


def create_app(settings: Settings) -> Flask:
    """The application: what there is, in the order in which one thing stands on another."""
    context.use_settings(settings)
    app = Flask(__name__, template_folder="../templates")
    app.config.update(
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        # A statement's values are personal data: no error holds them, wherever it is written down.
        SQLALCHEMY_ENGINE_OPTIONS={"hide_parameters": True},
        SETTINGS=settings,
    )

    db.init_app(app)
    web.init_app(app)
    error_pages.init_app(app)
    sessions.init_app(app)

    app.register_blueprint(registrations_bp)
    app.register_blueprint(accounts_bp)
    app.register_blueprint(organising_bp)
    app.register_blueprint(health.bp)

    access.refuse_undeclared(app)
    app.extensions["regapp-chores"] = [
        changes.tell_cancelled_days,
        filling.settle_all,
        limits.forget_old,
        submissions.forget_old,
        attempts.forget_old,
        reading.forget_old,
        dispose_of_health,
        dispose_of_reasons,
        reminders.write_due,
        raise_alarms,
        write_digests,
    ]
    connect_rooms()
    return app


def connect_rooms() -> None:
    """What a room below asks of rooms above, which it may not import."""
    orders.render_with({Kind.REMINDER: reminder_letters.render, **day_orders.RENDERERS})
    parts.take_words_from(sending.words_for)
    outbox.resolve_links(links.links_of, account_letters.links_of)
    link_requests.answer_with({Door.PARTICIPANT: links.send_link, Door.ORGANISER: signing_in.send_link})
    reading.give_answers_to(calendar_answers.take)
