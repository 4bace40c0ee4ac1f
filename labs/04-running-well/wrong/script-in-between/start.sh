echo starting the guestbook
python app.py
echo it has ended
