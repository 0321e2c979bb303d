"""What a report says on its page, in the languages that are shipped."""

WORDS = {
    "en": {"title": "Report", "incidents": "Incidents", "unanswered": "Unanswered", "false": "False alarms",
           "send": "To the first message", "answer": "To the answer", "arrival": "To arrival", "rules": "Rules",
           "services": "Services", "people": "People", "told": "Who was told", "name": "Name", "person": "Person",
           "channel": "Channel", "kind": "What", "decided": "Decided", "sent": "Sent", "receipt": "Receipt",
           "reason": "Reason", "pages": "Asked", "opened": "Opened", "by": "Answered by", "days": "Incidents by day",
           "nobody": "nobody"},
    "uk": {"title": "Звіт", "incidents": "Інциденти", "unanswered": "Без відповіді", "false": "Хибні тривоги",
           "send": "До першого повідомлення", "answer": "До відповіді", "arrival": "До прибуття", "rules": "Правила",
           "services": "Служби", "people": "Люди", "told": "Кого сповіщено", "name": "Назва", "person": "Людина",
           "channel": "Канал", "kind": "Що", "decided": "Вирішено", "sent": "Надіслано", "receipt": "Квитанція",
           "reason": "Причина", "pages": "Запитів", "opened": "Відкрито", "by": "Відповів",
           "days": "Інциденти за днями", "nobody": "ніхто"},
    "ru": {"title": "Отчёт", "incidents": "Инциденты", "unanswered": "Без ответа", "false": "Ложные тревоги",
           "send": "До первого сообщения", "answer": "До ответа", "arrival": "До прибытия", "rules": "Правила",
           "services": "Службы", "people": "Люди", "told": "Кто извещён", "name": "Название", "person": "Человек",
           "channel": "Канал", "kind": "Что", "decided": "Решено", "sent": "Отправлено", "receipt": "Квитанция",
           "reason": "Причина", "pages": "Запросов", "opened": "Открыт", "by": "Ответил",
           "days": "Инциденты по дням", "nobody": "никто"},
}
